/**
 * nginx in front of Autentico as Autentico's documentation sets it up, on loopback, with everything it writes in `folder`. Its `conf.d` is
 * included where it belongs to all servers; `inServer` stands in the server of Autentico, such as the line that, once and by hand, includes
 * what the worker will write there.
 */
export function nginxConfiguration(at: {
  readonly folder: string
  readonly port: number
  readonly upstream: string
  readonly inServer: string
}): string {
  const { folder, port, upstream, inServer } = at
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
  return `daemon off;
${process.getuid?.() === 0 ? 'user root;' : ''}
worker_processes 2;
pid ${folder}/pid;
error_log ${folder}/error.log;
events {}
http {
    access_log off;
    ${temporary.map((name) => `${name}_temp_path ${folder}/${name};`).join('\n    ')}
    include ${folder}/conf.d/*.conf;
    server {
        listen 127.0.0.1:${port};
        ${inServer}
        location / {
            proxy_pass ${upstream};
            proxy_set_header Host $host;
            proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
        }
    }
}
`
}
