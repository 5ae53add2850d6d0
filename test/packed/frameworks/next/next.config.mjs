/** @type {import('next').NextConfig} */
export default {
  basePath: '/v1',
  rewrites: () => [{ source: '/renamed/:path*', destination: '/api/:path*' }],
}
