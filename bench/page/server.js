import { once } from 'node:events'
import { createServer } from 'node:http'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { ROOT } from '../project.js'

const PAGES = fileURLToPath(new URL('.', import.meta.url))

const BOTH = ['ours', 'theirs'].flatMap((side) => ['page', 'sign-in'].map((name) => [side, name]))

/** Serves pages, those of both libraries by default, as a site would: bundled, minified, gzipped; never from a cache. */
export async function servePages(pages = BOTH) {
  const files = new Map()
  for (const [side, name] of pages)
    for (const [path, body] of await bundled(side, name)) files.set(path, body)
  let served = { bytes: 0, requests: 0 }
  const server = createServer(({ url }, response) => {
    const file = files.get(url)
    if (!file) return response.writeHead(404).end()
    served.requests++
    if (file.type === 'text/javascript') served.bytes += file.body.length
    response.writeHead(200, {
      'content-type': `${file.type}; charset=utf-8`,
      'content-encoding': 'gzip',
      'content-length': file.body.length,
      'cache-control': 'no-store',
    })
    response.end(file.body)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    origin: `http://localhost:${server.address().port}`,
    forget() {
      served = { bytes: 0, requests: 0 }
    },
    served: () => ({ ...served }),
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

async function bundled(side, name) {
  const { metafile, outputFiles } = await build({
    entryPoints: [`${PAGES}${side}-${name}.js`],
    absWorkingDir: ROOT,
    entryNames: name,
    outdir: `/${side}/${name}`,
    write: false,
    bundle: true,
    minify: true,
    splitting: true,
    format: 'esm',
    target: 'es2022',
    metafile: true,
    logLevel: 'error',
  })
  const files = outputFiles.map(({ path, contents }) => [path, entryOf('text/javascript', contents)])
  const script = `/${side}/${name}/${name}.js`
  const [, entry] = Object.entries(metafile.outputs).find(([path]) =>
    script.endsWith(path.replace(/^(?:\.\.\/)+/, '/')),
  )
  // As bundlers that write the document do, so that a browser doesn't find one script in another.
  const preloads = entry.imports
    .filter(({ kind }) => kind === 'import-statement')
    .map(({ path }) => `<link rel="modulepreload" href="/${path.replace(/^(?:\.\.\/)+/, '')}">`)
  const html = `<!doctype html><html lang="en"><meta charset="utf-8"><link rel="icon" href="data:,"><title>bench</title>${preloads.join('')}<script type="module" src="${script}"></script>`
  return [...files, [`/${side}/${name}.html`, entryOf('text/html', html)]]
}

function entryOf(type, body) {
  return { type, body: gzipSync(body, { level: 9 }) }
}
