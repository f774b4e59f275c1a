import { reactive, watchEffect } from 'vue'

export type Language = 'zh' | 'en'
export type Theme = 'auto' | 'light' | 'dark'

/** How somebody likes the pages. It says nothing about them and is all that the browser's storage holds. */
export interface Preferences {
  language: Language
  theme: Theme
  large: boolean // 大字 (适老化)
  dark: boolean // what theme comes to on this machine
}

const key = 'kapok-preferences'
const night = matchMedia('(prefers-color-scheme: dark)')

function read(): Partial<Preferences> {
  try {
    return JSON.parse(localStorage.getItem(key) ?? '{}') as Partial<Preferences>
  } catch {
    return {} // unreadable, or the browser forbids storage
  }
}

function keep(): void {
  const { language, theme, large } = preferences
  try {
    localStorage.setItem(key, JSON.stringify({ language, theme, large }))
  } catch {
    return // it holds until the page is closed
  }
}

export const preferences: Preferences = reactive({ language: 'zh', theme: 'auto', large: false, dark: night.matches, ...read() })

export const isDark = (): boolean => preferences.theme === 'dark' || (preferences.theme === 'auto' && night.matches)

/** Brings the document in line with the preferences, now and whenever they change. */
export function applyPreferences(): void {
  const apply = () => {
    const root = document.documentElement
    root.lang = preferences.language === 'zh' ? 'zh-CN' : 'en'
    preferences.dark = isDark()
    root.classList.toggle('dark', preferences.dark)
    root.classList.toggle('large', preferences.large)
    keep()
  }
  watchEffect(apply)
  night.addEventListener('change', apply)
}
