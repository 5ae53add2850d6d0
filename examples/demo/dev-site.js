import { randomUUID } from 'node:crypto'
import { run } from './process.js'
import { serveSite } from './site.js'

// Serves the demo until a file changes. Then dev.js starts a new process, and the page notices that its name is another one.
const RELOAD = `const name = () => fetch('/dev-site').then((response) => response.text())
const first = await name()
for (;;) {
  await new Promise((resolve) => setTimeout(resolve, 500))
  // While the next process starts, there is no server.
  if ((await name().catch(() => first)) !== first) location.reload()
}
`

// This process must also end if dev.js crashes.
process.on('disconnect', () => process.exit())

run(async () => {
  const { port, close } = await serveSite((files) => {
    const page = files.get('/')
    if (!page) throw new Error('the demo has no page')
    const html = Buffer.from(page.body).toString()
    const script = '<script type="module" src="/dev-reload.js"></script>'
    files.set('/', { ...page, body: Buffer.from(html.replace('</head>', `${script}</head>`)) })
    files.set('/dev-reload.js', { type: 'text/javascript; charset=utf-8', body: Buffer.from(RELOAD) })
    files.set('/dev-site', { type: 'text/plain', body: Buffer.from(randomUUID()) })
  })
  process.send?.(port)
  return close
})
