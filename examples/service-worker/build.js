import { copyFile, readdir, rm } from 'node:fs/promises'
import { build } from 'esbuild'

const common = { bundle: true, target: 'es2022', minify: true, outdir: 'dist' }

/** Writes the page and its worker into dist. Resolves with a map from the paths of URLs to the files. */
export async function buildPage() {
  await rm('dist', { recursive: true, force: true })
  await build({ ...common, entryPoints: ['src/main.js'], format: 'esm', splitting: true })
  // A service worker can't use import(), so it must be a single file.
  await build({ ...common, entryPoints: ['src/service-worker.js'], format: 'iife' })
  await copyFile('src/index.html', 'dist/index.html')
  return new Map((await readdir('dist')).map((name) => [`/${name}`, `dist/${name}`]))
}
