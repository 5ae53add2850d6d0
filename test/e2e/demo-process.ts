import { type ExampleProcess, startExample } from './example-process.js'

export interface DemoProcess extends ExampleProcess {
  /** The page's URL, with a slash at the end. */
  readonly url: string
  /** The output before the page's URL, which is the tour. */
  readonly tour: string
}

const address = /^ {2}Page: (\S+)\n/m

/** Starts what `npm start` runs after the build, on a free port. */
export async function startDemo(): Promise<DemoProcess> {
  const demo = await startExample('demo/start.js', address)
  const [tour = '', url = ''] = demo.printed.split(address)
  return { ...demo, tour, url }
}
