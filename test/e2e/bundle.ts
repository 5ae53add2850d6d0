import { relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

export type BundledFile = string | Uint8Array

const outdir = '/'

/** Bundles a script of test/e2e/pages with what it imports, as an application would. Keys are URL paths. */
export async function bundlePage(entry: string): Promise<ReadonlyMap<string, BundledFile>> {
  const { outputFiles } = await build({
    entryPoints: { page: fileURLToPath(new URL(`pages/${entry}`, import.meta.url)) },
    bundle: true,
    splitting: true,
    format: 'esm',
    target: 'es2022',
    sourcemap: 'linked',
    outdir,
    write: false,
    logLevel: 'warning',
  })
  return new Map(outputFiles.map(({ path, contents }) => [`/${relative(outdir, path)}`, contents]))
}
