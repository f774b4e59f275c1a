import { onMounted, ref, shallowRef } from 'vue'
import { explain } from '@/shared/failure'

/** What a room reads when it opens. */
export function useAsked<Data>(read: () => Promise<Data>) {
  const data = shallowRef<Data>()
  const trouble = ref('')
  const busy = ref(true)
  async function load() {
    busy.value = true
    trouble.value = ''
    try {
      data.value = await read()
    } catch (failure) {
      trouble.value = explain(failure)
    } finally {
      busy.value = false
    }
  }
  onMounted(load)
  return { data, trouble, busy, load }
}

/** Something done at a click: one at a time, and what went wrong is said. */
export function useDoing() {
  const doing = ref('')
  const trouble = ref('')
  async function act(name: string, what: () => Promise<void>): Promise<boolean> {
    if (doing.value) return false
    doing.value = name
    trouble.value = ''
    try {
      await what()
      return true
    } catch (failure) {
      trouble.value = explain(failure)
      return false
    } finally {
      doing.value = ''
    }
  }
  return { doing, trouble, act }
}
