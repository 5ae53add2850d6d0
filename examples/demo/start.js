import { run } from './process.js'
import { serveSite } from './site.js'
import { print, styled, title } from './terminal.js'
import { tour } from './tour.js'

run(async () => {
  await tour()
  const site = await serveSite()
  title('The same in a browser')
  print(`Page: http://localhost:${site.port}/`)
  print(styled('dim', 'Press Ctrl+C to stop.'))
  print()
  return site.close
})
