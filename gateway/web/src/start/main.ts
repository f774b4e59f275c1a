import { createApp } from 'vue'
import '@/shared/base.css'
import { applyPreferences } from '@/shared/preferences'
import App from './App.vue'

applyPreferences()
createApp(App).mount('#app')
