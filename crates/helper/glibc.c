/* Small stand-ins for the parts of glibc that a static program carries along and the helper never
   uses: message catalogues, character set conversion (and with it the loader of shared libraries),
   printf and the name resolver are a twelfth of it, packed. Each name below is where the linker
   would begin to take in one of them.

   All are weak: where another version of glibc needs the original as well, the original counts.
   The helper speaks no language but English, writes through Rust, and resolves names by `getent`. */

#define INSTEAD __attribute__((weak))

extern void abort(void) __attribute__((noreturn));
extern const char *__get_errlist(int number);

/* What std::io::Error prints: glibc's own words, untranslated. */
INSTEAD int __xpg_strerror_r(int number, char *to, unsigned long room) {
    const char *text = __get_errlist(number);
    if (!text) text = "Unknown error";
    for (; *text && room > 1; room--) *to++ = *text++;
    if (room) *to = 0;
    return 0;
}

/* Of the loader's own errors, which no program without shared libraries meets. */
INSTEAD char *__strerror_r(int number, char *to, unsigned long room) {
    __xpg_strerror_r(number, to, room);
    return to;
}

/* Translations. */
INSTEAD const char *__dcgettext(const char *domain, const char *text, int category) { return text; }

/* Words before an abort, and statistics of malloc. */
INSTEAD void __assert_fail(const char *what, const char *file, unsigned line, const char *function) { abort(); }
INSTEAD void __libc_dynarray_at_failure(unsigned long size, unsigned long index) { abort(); }
INSTEAD void __libc_alloc_buffer_create_failure(void *start, unsigned long size) { abort(); }
INSTEAD int fprintf(void *stream, const char *format, ...) { return -1; }

/* Names of threads, and where a stack ends: Rust does without either. 38 is ENOSYS. */
INSTEAD int pthread_setname_np(unsigned long thread, const char *name) { return 38; }
INSTEAD int pthread_getattr_np(unsigned long thread, void *attributes) { return 38; }

/* Rust looks for functions of newer versions by name, and takes none for an answer. */
INSTEAD void *dlsym(void *library, const char *name) { return 0; }

/* The resolver, which pthread_create clears for each thread. */
INSTEAD void _res_hconf_init(void) {}
INSTEAD int __inet6_scopeid_pton(const void *address, const char *scope, unsigned *result) { return -1; }

/* Conversions between character sets, for streams of wide characters: there are none. */
INSTEAD int __gconv_lock[4];
INSTEAD long __libc_setlocale_lock[8];
INSTEAD int __gconv_find_transform(void) { return 1; }
INSTEAD int __gconv_close_transform(void) { return 1; }
INSTEAD int __gconv_transform_internal_ascii(void) { return 1; }
INSTEAD int __gconv_transform_ascii_internal(void) { return 1; }
INSTEAD int __gconv_btwoc_ascii(void) { return -1; }
INSTEAD void __gconv_release_step(void) {}
