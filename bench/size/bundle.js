import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'

/**
 * What a browser loads of an entry: `initial` before the first line runs, `total` with all that it may load later.
 *
 * @typedef {{ min: number, gzip: number }} Bytes
 * @typedef {object} Bundle
 * @property {Bytes} initial
 * @property {Bytes} total
 * @property {Bytes} next what the module `later` loads on top of the initial load, and in how many `files`
 * @property {string[]} packages in the initial load, or imported by it
 * @property {string[]} peers that the initial load imports and that were left out
 */

/**
 * Bundles an entry as a page's own build would, and weighs each file as it would be served.
 *
 * @param {string} entry a file or a package's name
 * @param {string} folder where it is resolved
 * @param {{ external?: string[], splitting?: boolean, only?: string, without?: RegExp, later?: string }} options `external`: packages that are left
 *   out; `later`: a module that loads later; `only`: the one export that is used; `without`: files of which only the names of their exports are left
 * @returns {Promise<Bundle>}
 */
export async function bundle(entry, folder, { external = [], splitting = true, only, without, later } = {}) {
  const { metafile, outputFiles } = await build({
    ...(only
      ? {
          stdin: {
            contents: `export { ${only} } from '${entry}'`,
            resolveDir: folder,
            sourcefile: 'entry.js',
          },
        }
      : { entryPoints: [entry] }),
    entryNames: 'entry',
    absWorkingDir: folder,
    outdir: folder,
    write: false,
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    splitting,
    metafile: true,
    external: ['node:*', ...external],
    plugins: without ? [emptied(without)] : [],
    logLevel: 'error',
  })
  const outputs = new Map(Object.entries(metafile.outputs))
  const weights = new Map(outputFiles.map(({ path, contents }) => [path, weigh(contents)]))
  const weightOf = (name) => weights.get(resolve(folder, name))
  const initial = withStaticImports('entry.js', outputs)
  const loaded = [...outputs].find(([, { entryPoint }]) => later !== undefined && entryPoint === later)?.[0]
  const next = withStaticImports(loaded, outputs).filter((name) => !initial.includes(name))
  const peers = initial
    .flatMap((name) => staticImports(outputs.get(name)))
    .filter(({ external, path }) => external && !path.startsWith('node:'))
  const inputs = initial.flatMap((name) => Object.entries(outputs.get(name)?.inputs ?? {}))
  const bundled = inputs
    .filter(([, { bytesInOutput }]) => bytesInOutput > 0)
    .flatMap(([path]) => packageOf(path) ?? [])
  return {
    initial: sum(initial.map(weightOf)),
    next: { ...sum(next.map(weightOf)), files: next.length },
    total: sum([...weights.values()]),
    packages: unique([...bundled, ...peers.map(({ path }) => path)]),
    peers: unique(peers.map(({ path }) => path)),
  }
}

function emptied(files) {
  const names = /^export (?:async )?(?:function|class|const) (\w+)/gm
  return {
    name: 'emptied',
    setup({ onLoad }) {
      onLoad({ filter: files }, async ({ path }) => {
        const exported = (await readFile(path, 'utf8')).matchAll(names)
        return { contents: Array.from(exported, ([, name]) => `export const ${name} = 0`).join('\n') }
      })
    },
  }
}

function withStaticImports(name, outputs, seen = new Set()) {
  if (seen.has(name) || !outputs.has(name)) return []
  seen.add(name)
  const imports = staticImports(outputs.get(name)).filter(({ external }) => !external)
  return [name, ...imports.flatMap(({ path }) => withStaticImports(path, outputs, seen))]
}

function staticImports(output) {
  return (output?.imports ?? []).filter(({ kind }) => kind === 'import-statement')
}

// `node_modules/a/node_modules/@b/c/index.js` is of the package `@b/c`; a file of our own is of none.
function packageOf(path) {
  return /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1]
}

function weigh(contents) {
  return { min: contents.length, gzip: gzipSync(contents, { level: 9 }).length }
}

function sum(sizes) {
  const add = (key) => sizes.reduce((total, size) => total + (size?.[key] ?? 0), 0)
  return { min: add('min'), gzip: add('gzip') }
}

function unique(names) {
  return [...new Set(names)]
}
