# usher_library(NAME [DEPS lib...] [TEST_DEPS lib...])
#
# Makes of a folder: library usher_NAME from its *.cc, test NAME_test from its *_test.cc, benchmark
# NAME_bench from its *_bench.cc and, when fuzzing, one harness for each *_fuzz.cc. Folders below the
# one that calls are included unless they have a CMakeLists.txt of their own.
#
# Tests of an instrumented build carry its name, so that one ctest run can hold several builds
# (./test does that). A build for fuzzing holds harnesses only; each is a test that runs for a while.
set(USHER_FUZZ_SECONDS 60 CACHE STRING "How long the test of one fuzz harness runs")
if(USHER_SANITIZE MATCHES "thread")
  set(USHER_TEST_PREFIX "tsan.")
elseif(USHER_SANITIZE)
  set(USHER_TEST_PREFIX "asan.")
endif()

function(usher_library NAME)
  cmake_parse_arguments(ARG "" "" "DEPS;TEST_DEPS" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cc)
  set(tests ${sources})
  set(benches ${sources})
  set(fuzzers ${sources})
  list(FILTER tests INCLUDE REGEX "_test\\.cc$")
  list(FILTER benches INCLUDE REGEX "_bench\\.cc$")
  list(FILTER fuzzers INCLUDE REGEX "_fuzz\\.cc$")
  list(FILTER sources EXCLUDE REGEX "_(test|bench|fuzz)\\.cc$")

  if(sources)
    add_library(usher_${NAME} STATIC ${sources})
    target_link_libraries(usher_${NAME} PUBLIC usher_flags ${ARG_DEPS})
  else()
    add_library(usher_${NAME} INTERFACE)
    target_link_libraries(usher_${NAME} INTERFACE usher_flags ${ARG_DEPS})
  endif()

  if(tests AND NOT USHER_FUZZ)
    add_executable(${NAME}_test ${tests})
    target_link_libraries(${NAME}_test PRIVATE usher_${NAME} ${ARG_TEST_DEPS} GTest::gmock GTest::gtest_main)
    # What is tested is optimised as ever; the tests around it are compiled a third faster so.
    target_compile_options(${NAME}_test PRIVATE $<$<CONFIG:Release>:-O1>)
    gtest_discover_tests(${NAME}_test TEST_PREFIX "${USHER_TEST_PREFIX}${NAME}." DISCOVERY_TIMEOUT 60 PROPERTIES TIMEOUT 300)
  endif()
  if(benches AND NOT USHER_SANITIZE)
    add_executable(${NAME}_bench ${benches})
    target_link_libraries(${NAME}_bench PRIVATE usher_${NAME} benchmark::benchmark_main)
  endif()
  if(USHER_FUZZ)
    foreach(fuzzer ${fuzzers})
      get_filename_component(fuzzer_name ${fuzzer} NAME_WE)
      set(fuzzer_name ${NAME}_${fuzzer_name})  # two libraries may each have a template_fuzz.cc
      add_executable(${fuzzer_name} ${fuzzer})
      target_link_libraries(${fuzzer_name} PRIVATE usher_${NAME})
      target_link_options(${fuzzer_name} PRIVATE -fsanitize=fuzzer)
      file(MAKE_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}/${fuzzer_name}_corpus)
      add_test(NAME fuzz.${fuzzer_name}
               COMMAND ${fuzzer_name} -max_total_time=${USHER_FUZZ_SECONDS} -print_final_stats=1
                       -rss_limit_mb=2048 -timeout=10 ${fuzzer_name}_corpus
               WORKING_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR})
    endforeach()
  endif()
endfunction()
