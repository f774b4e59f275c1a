import { onMounted, onUnmounted, ref, shallowRef, type Ref } from 'vue'

/** A list that is read when its view opens, and again when the page comes back to the front. */
export function useList<One>(read: (before?: string) => Promise<{ found: One[]; next?: string }>) {
  const found = shallowRef<One[]>([])
  const failure = shallowRef<unknown>()
  const busy = ref(true)
  const next: Ref<string | undefined> = ref()

  async function load(from?: string) {
    busy.value = true
    try {
      const page = await read(from)
      found.value = from ? [...found.value, ...page.found] : page.found
      next.value = page.next
      failure.value = undefined
    } catch (thrown) {
      failure.value = thrown
    } finally {
      busy.value = false
    }
  }

  const again = () => { if (document.visibilityState === 'visible') void load() }
  onMounted(() => { void load(); document.addEventListener('visibilitychange', again) })
  onUnmounted(() => document.removeEventListener('visibilitychange', again))
  return { found, failure, busy, next, reload: () => load(), more: () => load(next.value) }
}
