import { preferences } from './preferences'

/** Words in both languages; what one language lacks does not compile. */
export type Words<Key extends string> = Record<Key, string>

/**
 * Makes the function that says a word in the language chosen. {name} in a word stands
 * for a value given along.
 */
export function speak<Key extends string>(zh: Words<Key>, en: Words<Key>) {
  return (key: Key, values: Record<string, string | number> = {}): string => {
    const word = (preferences.language === 'zh' ? zh : en)[key]
    return word.replace(/\{(\w+)\}/g, (_, name: string) => String(values[name] ?? ''))
  }
}

/** One word given in place. */
export const say = (zh: string, en: string): string => (preferences.language === 'zh' ? zh : en)

const locale = () => (preferences.language === 'zh' ? 'zh-CN' : 'en-GB')

/** A moment as people here read it: Beijing time, to the minute. */
export function moment(at: string | number | undefined, seconds = false): string {
  if (!at) return '—'
  return new Intl.DateTimeFormat(locale(), {
    timeZone: 'Asia/Shanghai', year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit',
    second: seconds ? '2-digit' : undefined, hour12: false,
  }).format(new Date(at))
}

export function day(at: string | number | undefined): string {
  if (!at) return '—'
  return new Intl.DateTimeFormat(locale(), { timeZone: 'Asia/Shanghai', year: 'numeric', month: '2-digit', day: '2-digit' }).format(new Date(at))
}

export const count = (value: number): string => new Intl.NumberFormat(locale()).format(value)

/** What something of the catalogue is called; its id where it has no name. */
export const called = (named: { id: string; name?: string } | undefined): string => named?.name || named?.id || '—'

/** Names of fields, as people know them. */
export function fieldsCalled(fields: { name: string; label?: string }[] | undefined): string {
  return (fields ?? []).map((field) => field.label || field.name).join(say('、', ', '))
}
