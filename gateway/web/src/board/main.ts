import { createApp } from 'vue'
import '@/shared/base.css'
import './board.css'
import { applyPreferences } from '@/shared/preferences'
import App from './App.vue'

applyPreferences()
createApp(App).mount('#app')
