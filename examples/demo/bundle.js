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
 * A page and its scripts, by the path that they are served under. What the page needs first is one small script; the
 * rest is split off and loads when it is used.
 * @param {URL} folder Where the page's main.js is.
 * @param {readonly string[]} statics What is served as it is, each under its own name; from the folder, or beside it.
 * @param {readonly string[]} scripts What begins by itself: the page, and its workers.
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
