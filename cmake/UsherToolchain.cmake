# Compiler cache, linker, warnings as errors, sanitizers. Nothing here changes what the code means.
find_program(CCACHE ccache)
if(CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
endif()

find_program(MOLD mold)
if(MOLD AND NOT USHER_SANITIZE)
  add_link_options(-fuse-ld=mold)
elseif(USHER_SANITIZE)
  add_link_options(-fuse-ld=lld)
endif()

add_library(usher_flags INTERFACE)
target_compile_options(usher_flags INTERFACE -Wall -Wextra -Werror -Wno-missing-field-initializers
                                             -ffp-contract=off
                       # g++ 12 sees overlaps in `"text" + string` that are not there (GCC bug 105651).
                       $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>
                       # clang complains of what libstdc++'s own std::stable_sort calls.
                       $<$<CXX_COMPILER_ID:Clang>:-Wno-deprecated-declarations>)
target_include_directories(usher_flags INTERFACE ${CMAKE_SOURCE_DIR}/src ${CMAKE_BINARY_DIR}/generated)

if(USHER_SANITIZE)
  target_compile_options(usher_flags INTERFACE -fsanitize=${USHER_SANITIZE} -fno-sanitize-recover=all
                                               -fno-omit-frame-pointer -O1 -gline-tables-only)
  target_link_options(usher_flags INTERFACE -fsanitize=${USHER_SANITIZE})
endif()
if(USHER_FUZZ)
  # Every library reports its branches to the harness, else libFuzzer sees only the harness itself.
  target_compile_options(usher_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()
