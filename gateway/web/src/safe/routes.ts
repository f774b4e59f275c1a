import { createRouter, createWebHashHistory } from 'vue-router'
import HomeView from './views/HomeView.vue'

// What follows # never leaves the browser. It holds names of views and random ids.
export const router = createRouter({
  history: createWebHashHistory('/safe'),
  scrollBehavior: (_to, _from, saved) => saved ?? { top: 0 },
  routes: [
    { path: '/', name: 'home', component: HomeView },
    { path: '/ask/:terms', name: 'ask', component: () => import('./views/AskView.vue') },
    { path: '/requests', name: 'requests', component: () => import('./views/RequestsView.vue') },
    { path: '/requests/:id', name: 'request', component: () => import('./views/RequestView.vue') },
    { path: '/bases', name: 'bases', component: () => import('./views/BasesView.vue') },
    { path: '/uses', name: 'uses', component: () => import('./views/UsesView.vue') },
    { path: '/uses/:origin/:index', name: 'use', component: () => import('./views/UseView.vue') },
    { path: '/licences', name: 'licences', component: () => import('./views/LicencesView.vue') },
    { path: '/mandates', name: 'mandates', component: () => import('./views/MandatesView.vue') },
    { path: '/mandates/appoint', name: 'appoint', component: () => import('./views/AppointView.vue') },
    { path: '/mandates/:id', name: 'acting', component: () => import('./views/ActingView.vue') },
    { path: '/me', name: 'me', component: () => import('./views/MeView.vue') },
    { path: '/:rest(.*)', redirect: '/' },
  ],
})
