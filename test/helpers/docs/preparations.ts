import { type Context, type End, run, start } from './document-context.js';

/** The prerequisites of documents. Each starts real programs, and returns a function that ends them. */
export const PREPARATIONS = {
  /** The Kontrol of the README, where the reader is bob, with a kite key. */
  kontrol: async (context: Context): Promise<End> => {
    const end = await start(context, 'kitectl kontrol start', 'Kontrol listens at');
    await run(
      context,
      `kitectl kontrol invite bob > "$HOME/invite.txt"
      kitectl register --to http://127.0.0.1:4000/kite --username bob --invite-file "$HOME/invite.txt"
      rm "$HOME/invite.txt"`,
    );
    return end;
  },
  /** The math kite of examples/. */
  math: (context: Context): Promise<End> => start(context, 'node examples/math.js --port 3636', 'listens at'),
  /** An etcd of one member, without TLS. */
  etcd: (context: Context): Promise<End> =>
    start(context, 'etcd --data-dir "$HOME/etcd" --unsafe-no-fsync', 'ready to serve client requests'),
  /** Three members of etcd with TLS, and users: etcd-1.example.com to etcd-3.example.com. */
  etcdCluster: async (context: Context): Promise<End> => (await stores()).startCluster(context),
  /** A PostgreSQL with TLS: db.example.com. */
  postgres: async (context: Context): Promise<End> => (await stores()).startDatabase(context),
} as const;

export type Preparation = keyof typeof PREPARATIONS;

/** Loaded on demand, because the clients of the stores take longer to load than some documents take to run. */
const stores = () => import('./prepared-stores.js');
