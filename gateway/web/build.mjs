// Copies what /docs needs out of swagger-ui-dist, with a page of our own around it:
// the package's own page has a script inline, which the content security policy forbids.
import { copyFile, mkdir, rm } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'

const here = (path) => fileURLToPath(new URL(path, import.meta.url))
const taken = ['swagger-ui.css', 'swagger-ui-bundle.js', 'favicon-32x32.png', 'LICENSE', 'NOTICE']
const own = ['index.html', 'init.js']

await rm(here('dist/swagger'), { recursive: true, force: true })
await mkdir(here('dist/swagger'), { recursive: true })
for (const name of taken) await copyFile(here(`node_modules/swagger-ui-dist/${name}`), here(`dist/swagger/${name}`))
for (const name of own) await copyFile(here(`swagger/${name}`), here(`dist/swagger/${name}`))
