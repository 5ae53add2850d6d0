import { builtEntries, DID_SESSION, isDIDSessionInstalled, ROOT } from './project.js'
import { BOUNDS, FUNCTION_BOUNDS, LATER_BOUNDS, PART_BOUNDS } from './size/bounds.js'
import { bundle } from './size/bundle.js'
import { toldBytes } from './size/readme.js'
import { table } from './table.js'

// How much a page loads of each entry, and whether that is within bounds. Bytes.

const { entries, peers } = await builtEntries()
const rows = []
const failures = []

for (const { name, file } of entries) {
  const found = await bundle(file, ROOT, { external: peers })
  const bound = BOUNDS[name]
  rows.push(row(name, found, bound?.gzip))
  if (!bound) {
    failures.push(`${name} has no bound: give it one in bench/size/bounds.js`)
    continue
  }
  const told = toldBytes(name)
  if (told !== undefined && Math.abs(told - found.initial.gzip) > 100) {
    failures.push(`${name} loads ${found.initial.gzip} bytes at first: README.md tells ${told}`)
  }
  if (found.initial.gzip > bound.gzip) {
    failures.push(`${name} loads ${found.initial.gzip} bytes at first: the bound is ${bound.gzip}`)
  }
  for (const intruder of found.packages.filter((dependency) => bound.without?.includes(dependency))) {
    failures.push(`${name} loads ${intruder} at first: it must load on demand, or not at all`)
  }
}
for (const { name, entry, gzip } of FUNCTION_BOUNDS) {
  const { file } = entries.find((candidate) => candidate.name === entry)
  const found = await bundle(file, ROOT, { external: peers, only: name })
  rows.push(row(`${entry}: ${name}`, found, gzip))
  if (found.initial.gzip > gzip) {
    failures.push(`${name} loads ${found.initial.gzip} bytes at first: the bound is ${gzip}`)
  }
}
for (const { name, entry, module, gzip } of LATER_BOUNDS) {
  const { file } = entries.find((candidate) => candidate.name === entry)
  const { next } = await bundle(file, ROOT, { external: peers, later: module })
  rows.push([`${entry}: ${name}, then`, '', '', gzip, next.min, next.gzip, ''].map(String))
  if (next.files !== 1 || next.gzip > gzip)
    failures.push(`${name} loads ${next.gzip} bytes in ${next.files} files more: the bound is ${gzip} in one`)
}
for (const { name, entry, files, gzip } of PART_BOUNDS) {
  const { file } = entries.find((candidate) => candidate.name === entry)
  const [all, rest] = [
    await bundle(file, ROOT, { external: peers }),
    await bundle(file, ROOT, { external: peers, without: files }),
  ]
  const own = all.total.gzip - rest.total.gzip
  rows.push([`${entry}: ${name}, later`, '', '', gzip, all.total.min - rest.total.min, own, ''].map(String))
  if (own > gzip)
    failures.push(`${name} adds ${own} bytes to what ${entry} loads later: the bound is ${gzip}`)
}
// In one file, because that makes it smaller; with its dependencies, because it has no optional ones.
if (isDIDSessionInstalled()) {
  rows.push(row('(did-session 4.0.0)', await bundle('did-session', DID_SESSION, { splitting: false })))
}

const head = ['bytes', 'min', 'gzip', 'bound', 'min, all', 'gzip, all', 'without']
console.log(table(head, rows))
console.log('\n"all" includes what loads on demand; "without" names peers that come on top')
for (const failure of failures) console.error(`\n${failure}`)
if (failures.length > 0) process.exitCode = 1

function row(name, { initial, total, peers: left }, bound) {
  const bytes = [initial.min, initial.gzip, bound ?? '', total.min, total.gzip].map(String)
  return [name, ...bytes, left.join(', ')]
}
