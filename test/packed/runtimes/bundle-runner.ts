import { fileURLToPath } from 'node:url'
import { type BuildOptions, build } from 'esbuild'
import type { Runtime, SharedFiles } from '../../conformance/library.js'
import type { BareFolder } from '../bare-folder.js'

/** The runner, and the platform for which it is bundled. */
export interface Suite {
  /** The folder where the package is installed. */
  readonly folder: BareFolder
  readonly runtime: Runtime
  readonly shared: SharedFiles
}

/** Bundles runners for a runtime, by the names of the resulting files. The package is the folder's, never this repository's. */
export async function bundleRunners(
  runners: Readonly<Record<string, string>>,
  { folder, runtime, shared }: Suite,
  options: BuildOptions = {},
): Promise<ReadonlyMap<string, Uint8Array>> {
  const { outputFiles = [] } = await build({
    entryPoints: Object.fromEntries(
      Object.entries(runners).map(([name, file]) => [
        name,
        fileURLToPath(new URL(`../../conformance/runners/${file}`, import.meta.url)),
      ]),
    ),
    bundle: true,
    format: 'esm',
    target: 'es2022',
    outdir: '/',
    write: false,
    logLevel: 'warning',
    define: { RUNTIME: JSON.stringify(runtime), SHARED: JSON.stringify(shared) },
    plugins: [
      {
        name: 'packed',
        setup(build) {
          build.onResolve({ filter: /^cacao-session/ }, ({ path, kind, pluginData }) =>
            pluginData === 'packed'
              ? undefined
              : build.resolve(path, { kind, resolveDir: folder.path, pluginData: 'packed' }),
          )
        },
      },
    ],
    ...options,
  })
  return new Map(outputFiles.map(({ path, contents }) => [path, contents]))
}
