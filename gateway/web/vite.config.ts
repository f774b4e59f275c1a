import { fileURLToPath } from 'node:url'
import vue from '@vitejs/plugin-vue'
import { defineConfig, type Plugin } from 'vite'

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))

// Vant's style sheet carries its icon font and, as a fallback, asks a stranger's server
// for it. The page has what it needs; the stranger is cut out.
const nothingFromOutside: Plugin = {
  name: 'nothing-from-outside',
  enforce: 'pre',
  transform(code, id) {
    if (!id.includes('/vant/') || !id.endsWith('.css')) return null
    return code.replace(/,\s*url\(["']?(?:https?:)?\/\/[^)]*\)\s*format\(["'][^"']*["']\)/g, '')
  },
}

// One page for each of those who come: the citizen, the desks, the board. What a
// framework brings lies in files of its own, so that it stays in the browser's cache
// when a page changes.
const frameworks = [
  { name: 'vue', test: /node_modules\/(@vue|vue|vue-router|openapi-fetch)\// },
  { name: 'vant', test: /node_modules\/(vant|@vant)\// },
  { name: 'element', test: /node_modules\/(element-plus|@element-plus|@vueuse|@floating-ui|@popperjs|lodash|lodash-es|dayjs|async-validator|memoize-one|normalize-wheel-es|@ctrl)\// },
  { name: 'echarts', test: /node_modules\/(echarts|zrender|tslib)\// },
]

export default defineConfig({
  plugins: [nothingFromOutside, vue({ template: { transformAssetUrls: false } })], // /static/ is served by Go
  resolve: { alias: { '@': here('./src') } },
  build: {
    outDir: 'dist/pages',
    emptyOutDir: true,
    target: 'es2022',
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 1500,
    rolldownOptions: {
      input: { start: here('./start.html'), safe: here('./safe.html'), desk: here('./desk.html'), board: here('./board.html') },
      output: { codeSplitting: { groups: frameworks } },
    },
  },
  test: { include: ['src/**/*.test.ts'] },
} as Parameters<typeof defineConfig>[0])
