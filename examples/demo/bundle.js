import { readFile } from 'node:fs/promises'
import { basename, extname, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build, stop } from 'esbuild'

/** @typedef {{ type: string, body: Uint8Array<ArrayBuffer> }} File */

/** @type {Record<string, string>} */
const TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
}

/**
 * Bundles a page. Resolves with its files, by the paths of their URLs. The page first loads one small script; other code is
 * split off and loads when it is used.
 * @param {URL} folder The folder with the page's main.js.
 * @param {readonly string[]} statics Files that are served unchanged under their own names; their paths are relative to the folder.
 * @param {readonly string[]} scripts The entry points: the script of the page, and those of its workers.
 * @returns {Promise<Map<string, File>>}
 */
export async function bundle(folder, statics, scripts = ['main.js']) {
  const { outputFiles } = await build({
    entryPoints: scripts.map((script) => fileURLToPath(new URL(script, folder))),
    bundle: true,
    splitting: true,
    format: 'esm',
    target: 'es2022',
    minify: true,
    outdir: '/',
    write: false,
  })
  await stop()
  const bundled = outputFiles.map(({ path, contents }) => [
    `/${relative('/', path)}`,
    { type: 'text/javascript; charset=utf-8', body: contents },
  ])
  const files = statics.map(async (file) => [
    file === 'index.html' ? '/' : `/${basename(file)}`,
    { type: TYPES[extname(file)], body: await readFile(new URL(file, folder)) },
  ])
  return new Map(/** @type {[string, File][]} */ ([...bundled, ...(await Promise.all(files))]))
}
