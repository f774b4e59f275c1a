import { concat, equal } from './bytes'
import { sm3 } from './sm'

/** The hash of a leaf (FORMAT.md §3). */
export const leafHash = (entry: Uint8Array): Uint8Array => sm3(concat(Uint8Array.of(0), entry))

const nodeHash = (left: Uint8Array, right: Uint8Array): Uint8Array => sm3(concat(Uint8Array.of(1), left, right))

/** Whether a proof leads from a leaf at an index to the root of a tree of a size (RFC 9162 §2.1.3.2). */
export function includes(leaf: Uint8Array, index: number, size: number, proof: Uint8Array[], root: Uint8Array): boolean {
  if (index >= size || proof.some((hash) => hash.length !== 32)) return false
  let [place, last, hash] = [BigInt(index), BigInt(size - 1), leaf]
  for (const sibling of proof) {
    if (last === 0n) return false
    if (place % 2n === 1n || place === last) {
      hash = nodeHash(sibling, hash)
      while (place % 2n === 0n && place !== 0n) [place, last] = [place >> 1n, last >> 1n]
    } else {
      hash = nodeHash(hash, sibling)
    }
    ;[place, last] = [place >> 1n, last >> 1n]
  }
  return last === 0n && equal(hash, root)
}
