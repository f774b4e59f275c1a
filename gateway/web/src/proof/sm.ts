import { sm2, sm3 as digest } from 'sm-crypto-v2'
import { fromHex, hex } from './bytes'

// The one place that knows the SM library: sm-crypto-v2, which shares no code with the
// two libraries inside Kapok.

/** SM3, GB/T 32905-2016. */
export const sm3 = (message: Uint8Array): Uint8Array => fromHex(digest(message))

/**
 * Verifies an SM2 signature r ‖ s of 64 bytes over a message (GB/T 32918, identity
 * 1234567812345678) by a point 04 ‖ X ‖ Y. What is malformed does not verify.
 */
export function verifies(message: Uint8Array, signature: Uint8Array, point: Uint8Array): boolean {
  if (signature.length !== 64 || point.length !== 65 || point[0] !== 4) return false
  try {
    return sm2.doVerifySignature(message, hex(signature), hex(point), { hash: true })
  } catch {
    return false
  }
}
