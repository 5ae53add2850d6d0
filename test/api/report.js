import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Extractor, ExtractorConfig } from '@microsoft/api-extractor'

// The public API as text, one file for each entry, so that reviewers see what users will see of a change. `npm run api` writes
// the files anew; `--check`, which CI runs, fails if they differ from the code.

const root = fileURLToPath(new URL('../..', import.meta.url))
const folder = join(root, 'test/api')
const isCheck = process.argv.includes('--check')
const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
const temporary = join(tmpdir(), `cacao-session-api-${process.pid}`)
mkdirSync(temporary)

// A stylesheet and package.json have no types.
const entries = Object.entries(exports).filter(([, { types }]) => types !== undefined)
const changed = entries.filter(
  ([name, { types }]) => !isReported(name === '.' ? 'cacao-session' : name.slice(2), types),
)
rmSync(temporary, { recursive: true })
if (changed.length > 0) {
  console.error(
    `the public API of ${changed.map(([name]) => name)} has changed: run npm run api, and look at the difference`,
  )
  process.exitCode = 1
}

/** Writes or compares the report of an entry. */
function isReported(name, types) {
  const config = ExtractorConfig.prepare({
    configObject: {
      projectFolder: root,
      mainEntryPointFilePath: join(root, types),
      compiler: {
        overrideTsconfig: {
          compilerOptions: {
            module: 'nodenext',
            target: 'es2022',
            lib: ['es2022', 'dom', 'dom.iterable'],
            types: ['node'],
            strict: true,
            skipLibCheck: true,
          },
          files: [types],
        },
      },
      apiReport: {
        enabled: true,
        reportFolder: folder,
        reportTempFolder: temporary,
        reportFileName: `${name}.api.md`,
      },
      docModel: { enabled: false },
      dtsRollup: { enabled: false },
      tsdocMetadata: { enabled: false },
      newlineKind: 'lf',
    },
    packageJsonFullPath: join(root, 'package.json'),
    configObjectFullPath: undefined,
  })
  const { apiReportChanged, errorCount } = Extractor.invoke(config, {
    localBuild: !isCheck,
    messageCallback: (message) => {
      // Another check looks at docstrings. A report that would change is listed once, at the end.
      message.handled = message.logLevel !== 'error' || message.messageId === 'console-api-report-changed'
    },
  })
  return errorCount === 0 && (!isCheck || !apiReportChanged)
}
