import { ref } from 'vue'

/** What was last said in passing. It is read out, takes no focus, and goes by itself. */
export const passing = ref('')
let timer: ReturnType<typeof setTimeout> | undefined

export function tell(text: string): void {
  passing.value = text
  clearTimeout(timer)
  timer = setTimeout(() => { passing.value = '' }, 4000)
}
