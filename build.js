import { copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { basename, dirname, join, relative } from 'node:path'
import { build } from 'esbuild'

// What is published: what the compiler wrote, gathered into few files, because an install of hundreds of small ones takes
// several times the room; and of the declarations those that an entry leads to.
const { exports, bin, dependencies, peerDependencies } = JSON.parse(await readFile('package.json', 'utf8'))
const nameOf = (target) => relative('dist', target).replace('.js', '')
const entries = Object.values(exports).flatMap(({ default: target }) => (target ? [nameOf(target)] : []))
const commands = Object.values(bin).map(nameOf)
// What is no dependency goes in, with its licence: packages that are small, or whose form not every bundler reads.
const installed = Object.keys({ ...dependencies, ...peerDependencies })

await rm('dist', { recursive: true, force: true })
const { metafile, outputFiles } = await build({
  metafile: true,
  write: false,
  entryPoints: [...entries, ...commands].map((entry) => join('build', `${entry}.js`)),
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'neutral',
  mainFields: ['module', 'main'],
  external: ['node:*', ...installed],
  target: 'es2022',
  charset: 'utf8',
  outbase: 'build',
  outdir: 'dist',
  chunkNames: 'chunks/[hash]',
  logLevel: 'warning',
})

const copied = new Set()
const copyDeclarations = async (name) => {
  if (copied.has(name)) return
  copied.add(name)
  const text = await readFile(join('build', name), 'utf8')
  const target = join('dist', name)
  await mkdir(dirname(target), { recursive: true })
  await copyFile(join('build', name), target)
  for (const [, path] of text.matchAll(/(?:from|import\() ?'(\.[^']+)\.js'/g))
    await copyDeclarations(join(dirname(name), `${path}.d.ts`))
}
for (const { path, text } of outputFiles) {
  await mkdir(dirname(path), { recursive: true })
  // Nothing here does anything by being imported, and bundlers warn of whoever imports it for that.
  await writeFile(path, text.replace(/^import "[^"]+";\n/gm, ''))
}
const packages = new Set(
  Object.keys(metafile.inputs).flatMap((path) => path.match(/^node_modules\/[^/]+/) ?? []),
)
const licences = [...packages].map(
  async (path) => `${basename(path)}\n\n${await readFile(join(path, 'LICENSE'), 'utf8')}`,
)
await writeFile('dist/LICENSES', (await Promise.all(licences)).join('\n'))
for (const entry of entries) await copyDeclarations(`${entry}.d.ts`)
