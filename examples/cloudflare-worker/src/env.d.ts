declare namespace Cloudflare {
  interface Env {
    readonly HOST: string
    readonly IDS: DurableObjectNamespace<import('./expiring-ids.js').ExpiringIds>
  }
}
