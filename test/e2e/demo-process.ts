import { type ExampleProcess, startExample } from './example-process.js'

export interface DemoProcess extends ExampleProcess {
  /** Where the page is, with a slash at the end. */
  readonly url: string
  /** Where the notes are, with a slash at the end. */
  readonly notesUrl: string
  /** What was printed before the page's address: the tour. */
  readonly tour: string
}

const addresses = /^ {2}Page: (\S+)\n {2}Notes: (\S+)\n/m

/** Starts what `npm start` starts after the build, on free ports. */
export async function startDemo(): Promise<DemoProcess> {
  const demo = await startExample('demo/start.js', addresses)
  const [tour = '', url = '', notesUrl = ''] = demo.printed.split(addresses)
  return { ...demo, tour, url, notesUrl }
}
