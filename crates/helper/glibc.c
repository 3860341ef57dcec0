/* Small stand-ins for the parts of glibc and of gcc's library that a static program carries along and
   the helper never uses: message catalogues, character set conversion, streams, the loader of shared
   libraries, unwinding and the name resolver are an eighth of it, packed. Each name below is where the
   linker would begin to take in one of them.

   All are weak: where another version of glibc needs the original as well, the original counts.
   The helper speaks no language but English, writes through Rust, and resolves names by `getent`. */

#include <elf.h>
#include <sys/mman.h>

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

/* The resolver, which pthread_create prepares for each thread and clears at its end. */
INSTEAD __thread void *__libc_resp;
INSTEAD void __res_thread_freeres(void) {}
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

/* The loader of shared libraries: where it would search, and names that it finds in the kernel's own
   one, without which the time is asked of the kernel itself. */
INSTEAD void _dl_init_paths(void) {}
INSTEAD void *_dl_lookup_symbol_x(const char *name, void *map, const void **symbol) { return *symbol = 0, (void *)0; }

/* What only the start writes is protected, as the loader does it. */
extern const Elf64_Phdr *_dl_phdr;
extern unsigned long _dl_phnum, _dl_pagesize;
INSTEAD void _dl_protect_relro(void *map) {
    for (const Elf64_Phdr *part = _dl_phdr; part < _dl_phdr + _dl_phnum; part++) {
        unsigned long start = part->p_vaddr & -_dl_pagesize, end = (part->p_vaddr + part->p_memsz) & -_dl_pagesize;
        if (part->p_type == PT_GNU_RELRO && start < end) mprotect((void *)start, end - start, PROT_READ);
    }
}

/* Streams, which exit writes out, fork and pthread_create lock, and malloc's statistics go to. */
INSTEAD void *stderr;
INSTEAD int _IO_cleanup(void) { return 0; }
INSTEAD void _IO_enable_locks(void) {}
INSTEAD void _IO_list_lock(void) {}
INSTEAD void _IO_list_unlock(void) {}
INSTEAD void _IO_list_resetlock(void) {}
INSTEAD void *_IO_iter_begin(void) { return 0; }
INSTEAD void *_IO_iter_end(void) { return 0; }
INSTEAD void *_IO_iter_next(void *at) { return 0; }
INSTEAD void *_IO_iter_file(void *at) { return 0; }
INSTEAD int _IO_fputs(const char *text, void *stream) { return -1; }
INSTEAD unsigned long fwrite(const void *from, unsigned long size, unsigned long count, void *stream) { return 0; }

/* Stacks that hold code, which shared libraries may ask for: there are none. */
INSTEAD int __nptl_change_stack_perm(void *thread) { return 38; }

/* Unwinding: a helper that panics says where and ends. `crates/unwind` has the walk over the stack. */
INSTEAD unsigned long _Unwind_GetIP(void *context) { return 0; }
INSTEAD unsigned long _Unwind_GetIPInfo(void *context, int *is_before) { return *is_before = 0; }
INSTEAD unsigned long _Unwind_GetCFA(void *context) { return 0; }
INSTEAD void _Unwind_SetGR(void *context, int number, unsigned long value) { abort(); }
INSTEAD void _Unwind_SetIP(void *context, unsigned long value) { abort(); }
INSTEAD void *_Unwind_GetLanguageSpecificData(void *context) { return 0; }
INSTEAD unsigned long _Unwind_GetRegionStart(void *context) { return 0; }
INSTEAD unsigned long _Unwind_GetTextRelBase(void *context) { return 0; }
INSTEAD unsigned long _Unwind_GetDataRelBase(void *context) { return 0; }
INSTEAD void *_Unwind_FindEnclosingFunction(void *address) { return 0; }
INSTEAD int _Unwind_ForcedUnwind(void *exception, void *stop, void *argument) { abort(); }
INSTEAD void _Unwind_Resume(void *exception) { abort(); }
INSTEAD int __gcc_personality_v0(void) { abort(); }
