import { createApp } from 'vue'
import 'vant/es/style/base.css'
import '@/shared/base.css'
import './safe.css'
import { applyPreferences } from '@/shared/preferences'
import App from './App.vue'
import { router } from './routes'

applyPreferences()
createApp(App).use(router).mount('#app')
