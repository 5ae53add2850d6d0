import { type ExampleProcess, startExample } from './example-process.js'

export interface DemoProcess extends ExampleProcess {
  /** Where the page is, with a slash at the end. */
  readonly url: string
  /** What was printed before the page's address: the tour. */
  readonly tour: string
}

const address = /^ {2}Page: (\S+)\n/m

/** Starts what `npm start` starts after the build, on a free port. */
export async function startDemo(): Promise<DemoProcess> {
  const demo = await startExample('demo/start.js', address)
  const [tour = '', url = ''] = demo.printed.split(address)
  return { ...demo, tour, url }
}
