import { relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type BuildOptions, build, type OutputFile } from 'esbuild'

export type BundledFile = string | Uint8Array

const outdir = '/'

/** Further scripts of test/e2e/pages, by the names under which they are served. */
export interface MoreScripts {
  /** Share chunks with the page's script. */
  readonly modules?: Readonly<Record<string, string>>
  /** Bundled into one file each, as service workers must be, because they can't load anything on demand. */
  readonly classic?: Readonly<Record<string, string>>
  /** Packages that replace others, such as another version. */
  readonly alias?: Readonly<Record<string, string>>
}

/** Bundles a script of test/e2e/pages with its imports, as an app would. The keys are URL paths. */
export async function bundlePage(
  entry: string,
  { modules = {}, classic = {}, alias = {} }: MoreScripts = {},
): Promise<ReadonlyMap<string, BundledFile>> {
  const files = [
    ...(await bundle({ page: entry, ...modules }, { format: 'esm', splitting: true, alias })),
    ...(Object.keys(classic).length > 0 ? await bundle(classic, { format: 'iife', alias }) : []),
  ]
  return new Map(files.map(({ path, contents }) => [`/${relative(outdir, path)}`, contents]))
}

/** A script of test/e2e/pages in one file, for a browser to run before a page's own scripts. */
export async function bundleScript(file: string): Promise<string> {
  const files = await bundle({ script: file }, { format: 'iife' })
  return files.find(({ path }) => path.endsWith('.js'))?.text ?? ''
}

async function bundle(
  entries: Readonly<Record<string, string>>,
  how: Pick<BuildOptions, 'format' | 'splitting' | 'alias'>,
): Promise<OutputFile[]> {
  const paths = Object.entries(entries).map(([name, file]) => [
    name,
    fileURLToPath(new URL(`pages/${file}`, import.meta.url)),
  ])
  const { outputFiles } = await build({
    ...how,
    entryPoints: Object.fromEntries(paths) as Record<string, string>,
    bundle: true,
    target: 'es2022',
    sourcemap: 'linked',
    outdir,
    write: false,
    logLevel: 'warning',
  })
  return outputFiles
}
