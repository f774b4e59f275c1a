import { createRouter, createWebHashHistory } from 'vue-router'
import type { Schemas } from '@/shared/api'

type Role = Schemas['Role']

/** One room of the desk: who has it, and what it is called. */
interface Room {
  name: string
  roles: Role[]
  zh: string
  en: string
  under: 'counter' | 'sharing' | 'watching'
}

export const rooms: Room[] = [
  { name: 'counter', roles: ['approver'], zh: '窗口核验', en: 'The counter', under: 'counter' },
  { name: 'catalog', roles: ['bureau', 'auditor', 'consumer', 'provider', 'approver'], zh: '数据目录', en: 'Catalogue', under: 'sharing' },
  { name: 'apply', roles: ['consumer'], zh: '申请共享', en: 'Apply for data', under: 'sharing' },
  { name: 'matters', roles: ['consumer', 'provider', 'bureau', 'auditor'], zh: '申请与办理', en: 'Matters', under: 'sharing' },
  { name: 'grants', roles: ['consumer', 'provider', 'bureau', 'auditor'], zh: '共享授权', en: 'Grants', under: 'sharing' },
  { name: 'editions', roles: ['bureau', 'auditor', 'provider', 'consumer'], zh: '版次与发布', en: 'Editions', under: 'sharing' },
  { name: 'policies', roles: ['bureau', 'auditor', 'provider', 'consumer'], zh: '规则与试问', en: 'Policies', under: 'sharing' },
  { name: 'keys', roles: ['consumer', 'provider', 'approver', 'bureau', 'auditor'], zh: '密钥与证书', en: 'Keys', under: 'watching' },
  { name: 'explorer', roles: ['bureau', 'auditor'], zh: '全链条存证', en: 'Ledger explorer', under: 'watching' },
  { name: 'sources', roles: ['bureau', 'auditor'], zh: '数源健康', en: 'Sources', under: 'watching' },
  { name: 'returns', roles: ['bureau', 'auditor'], zh: '数据回流', en: 'Returned data', under: 'watching' },
  { name: 'stops', roles: ['bureau', 'auditor', 'consumer', 'provider'], zh: '紧急停止', en: 'Emergency stops', under: 'watching' },
  { name: 'watch', roles: ['bureau', 'auditor'], zh: '异常与未核实', en: 'What stands out', under: 'watching' },
]

export const groups = [
  { under: 'counter', zh: '窗口', en: 'Counter' }, { under: 'sharing', zh: '共享', en: 'Sharing' }, { under: 'watching', zh: '监管', en: 'Watching' },
] as const

export const router = createRouter({
  history: createWebHashHistory('/desk'),
  scrollBehavior: (_to, _from, saved) => saved ?? { top: 0 },
  routes: [
    { path: '/', name: 'start', component: () => import('./rooms/StartRoom.vue') },
    { path: '/counter', name: 'counter', component: () => import('./rooms/CounterRoom.vue') },
    { path: '/catalog', name: 'catalog', component: () => import('./rooms/CatalogRoom.vue') },
    { path: '/apply/:category?/:serial?', name: 'apply', component: () => import('./rooms/ApplyRoom.vue') },
    { path: '/matters', name: 'matters', component: () => import('./rooms/MattersRoom.vue') },
    { path: '/matters/:id', name: 'matter', component: () => import('./rooms/MatterRoom.vue') },
    { path: '/grants', name: 'grants', component: () => import('./rooms/GrantsRoom.vue') },
    { path: '/editions', name: 'editions', component: () => import('./rooms/EditionsRoom.vue') },
    { path: '/policies', name: 'policies', component: () => import('./rooms/PoliciesRoom.vue') },
    { path: '/keys', name: 'keys', component: () => import('./rooms/KeysRoom.vue') },
    { path: '/explorer/:ref?', name: 'explorer', component: () => import('./rooms/ExplorerRoom.vue') },
    { path: '/sources', name: 'sources', component: () => import('./rooms/SourcesRoom.vue') },
    { path: '/returns', name: 'returns', component: () => import('./rooms/ReturnsRoom.vue') },
    { path: '/stops', name: 'stops', component: () => import('./rooms/StopsRoom.vue') },
    { path: '/watch', name: 'watch', component: () => import('./rooms/WatchRoom.vue') },
    { path: '/:rest(.*)', redirect: '/' },
  ],
})
