declare module 'guide:react/app' {
  export function App(): import('react').ReactElement
}

declare module 'guide:pages/page' {
  export function keepSignedIn(): Promise<import('../../src/index.js').DIDSession | undefined>
}
