/** Variables that others than the manifest set or read, as tables of patterns. */

/** Set in every container, or by convention not there: nobody writes them into a manifest to make an app work. */
const ofMachine =
  /^(PATH|HOME|PWD|OLDPWD|HOSTNAME|USER|USERNAME|LOGNAME|SHELL|SHLVL|TERM|TMPDIR|TMP|TEMP|LANG|LANGUAGE|LC_[A-Z]+|TZ|EDITOR|VISUAL|PAGER|DISPLAY|COLUMNS|LINES|XDG_\w+|APPDATA|LOCALAPPDATA|USERPROFILE|PROGRAMFILES|SYSTEMROOT|COMSPEC|WINDIR|OS)$/;

/** Set by tools that build, test or develop, and by other clouds: that they are not there is what tells an app apart. */
const ofTools =
  /^(CI|CONTINUOUS_INTEGRATION|GITHUB_\w+|GITLAB_\w+|BUILDKITE\w*|CIRCLE\w*|TRAVIS\w*|JENKINS_\w+|NETLIFY\w*|VERCEL\w*|NOW_\w+|DYNO|HEROKU_\w+|K_SERVICE|KUBERNETES_\w+|FLY_\w+|RAILWAY_\w+|RENDER\w*|AWS_LAMBDA_\w+|AWS_EXECUTION_ENV|LAMBDA_TASK_ROOT|WEBSITE_\w+|JEST_WORKER_ID|VITEST\w*|PLAYWRIGHT_\w+|CYPRESS\w*|npm_\w+|INIT_CWD|PNPM_\w+|YARN_\w+|DEBUG|NODE_DEBUG|NODE_OPTIONS|NODE_PATH|NO_COLOR|FORCE_COLOR|COLORTERM|NEXT_RUNTIME|NEXT_PHASE|TURBOPACK|ANALYZE|STORYBOOK\w*|CARGO_\w+|OUT_DIR|VIRTUAL_ENV|CONDA_\w+|PYTEST_\w+|COVERAGE\w*|WERKZEUG_\w+|RUN_MAIN|BUNDLE_\w+|GEM_\w+)$/;

/** Put into the files of a page when it is built; what runs never asks for them. */
const ofBundlers = /^(VITE_|NEXT_PUBLIC_|REACT_APP_|VUE_APP_|NUXT_PUBLIC_|GATSBY_|EXPO_PUBLIC_|PUBLIC_|NG_APP_)\w*$/;

/** Set by the images that apps are built on. */
const ofImages =
  /^(NODE|YARN|PYTHON|RUBY|GOLANG|GO|PHP|JAVA|RUST|BUN|DENO|NGINX|DOTNET|ASPNET)_VERSION$|^(JAVA_HOME|GOPATH|GOROOT|GEM_HOME|PHP_INI_DIR|RUSTUP_HOME)$/;

/** True for a variable that is no matter of the manifest, though the source reads it. */
export function isSetElsewhere(name: string): boolean {
  return [ofMachine, ofTools, ofBundlers, ofImages].some((pattern) => pattern.test(name));
}

/** Read by runtimes, frameworks, drivers and the images themselves, and named in no app's own source. */
const readElsewhere =
  /^(PORT|HOST|ADDRESS|BIND|SERVER_\w+|NODE_\w+|UV_\w+|BUN_\w+|DENO_\w+|NPM_\w+|NEXT_\w+|NUXT_\w+|NITRO_\w+|PRISMA_\w+|PYTHON\w*|PIP_\w+|DJANGO_\w+|FLASK_\w+|GUNICORN_\w+|UVICORN_\w+|HYPERCORN_\w+|WEB_CONCURRENCY|CELERY_\w+|RAILS_\w+|RACK_\w+|RUBY\w*|PUMA_\w+|MALLOC_\w+|SECRET_KEY_BASE|JAVA_\w+|_?JAVA_OPTIONS|JDK_\w+|JVM_\w+|SPRING_\w+|MANAGEMENT_\w+|LOGGING_\w+|QUARKUS_\w+|MICRONAUT_\w+|CATALINA_\w+|GO[A-Z]+|GIN_MODE|RUST_\w+|ROCKET_\w+|DOTNET_\w+|ASPNETCORE_\w+|COMPlus_\w+|\w+__\w+|PHP_\w+|COMPOSER_\w+|APACHE_\w+|APP_(ENV|KEY|DEBUG|URL|NAME)|NGINX_\w+|MIX_ENV|RELEASE_\w+|ERL_\w+|ELIXIR_\w+|DATABASE_URL|(NEXT)?AUTH_\w+|PG[A-Z]+|MYSQL_\w+|MARIADB_\w+|POSTGRES_\w+|REDIS_\w+|AWS_\w+|AZURE_\w+|GOOGLE_\w+|GCLOUD_\w+|OTEL_\w+|SENTRY_\w+|NEW_RELIC_\w+|DD_\w+|ELASTIC_APM_\w+|(HTTP|HTTPS|NO|ALL)_PROXY|(http|https|no|all)_proxy|SSL_CERT_\w+|CURL_\w+|REQUESTS_\w+|GIT_\w+|LD_\w+|OPENSSL_\w+|UMASK|PUID|PGID|USER_ID|GROUP_ID)$/;

/** True for a variable that does something though the source never names it. */
export function isReadElsewhere(name: string): boolean {
  return readElsewhere.test(name) || [ofMachine, ofTools, ofBundlers].some((pattern) => pattern.test(name));
}

/** What tells a framework that it runs for real; without it most run as on a developer's machine. */
export const productionValues: ReadonlyMap<string, string> = new Map(
  Object.entries({
    NODE_ENV: 'production',
    RAILS_ENV: 'production',
    RACK_ENV: 'production',
    APP_ENV: 'production',
    MIX_ENV: 'prod',
    ASPNETCORE_ENVIRONMENT: 'Production',
    DOTNET_ENVIRONMENT: 'Production',
    GIN_MODE: 'release',
  }),
);
