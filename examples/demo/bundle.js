import { readFile } from 'node:fs/promises'
import { relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build, stop } from 'esbuild'

/** @typedef {{ type: string, body: Uint8Array }} File */

/** What is served as it is: the path, the file and its type. */
const STATICS = [
  ['/', 'index.html', 'text/html; charset=utf-8'],
  ['/style.css', 'style.css', 'text/css; charset=utf-8'],
  ['/icon.svg', 'icon.svg', 'image/svg+xml'],
]

/**
 * The page and its scripts, by the path that they are served under. What the page needs first is one small
 * script; the rest is split off and loads when it is used.
 * @returns {Promise<Map<string, File>>}
 */
export async function bundle() {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL('./page/main.js', import.meta.url))],
    bundle: true,
    splitting: true,
    format: 'esm',
    target: 'es2022',
    minify: true,
    outdir: '/',
    write: false,
  })
  await stop()
  const scripts = outputFiles.map(({ path, contents }) => [
    `/${relative('/', path)}`,
    { type: 'text/javascript; charset=utf-8', body: contents },
  ])
  const statics = STATICS.map(async ([path = '', name = '', type = '']) => [
    path,
    { type, body: await readFile(new URL(`./page/${name}`, import.meta.url)) },
  ])
  return new Map(/** @type {[string, File][]} */ ([...scripts, ...(await Promise.all(statics))]))
}
