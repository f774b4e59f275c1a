import { createApp } from 'vue'
import 'element-plus/dist/index.css'
import 'element-plus/theme-chalk/dark/css-vars.css'
import '@/shared/base.css'
import './desk.css'
import { applyPreferences } from '@/shared/preferences'
import App from './App.vue'
import { router } from './rooms'

applyPreferences()
createApp(App).use(router).mount('#app')
