# Arrow and Parquet C++ as they come inside the pyarrow wheel: targets PyArrow::arrow, ::parquet …
# libparquet exports OpenSSL symbols of its own, so every executable names OpenSSL before it on the link line
# (src/columnar/openssl_order_test.cc proves the order).
execute_process(
  COMMAND "${USHER_PYTHON}" -c "import pyarrow as pa; i = pa.cpp_build_info; print(';'.join([pa.__version__, pa.get_include(), pa.get_library_dirs()[0], i.so_version]))"
  OUTPUT_VARIABLE _pa OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
list(GET _pa 0 PyArrowCpp_VERSION)
list(GET _pa 1 _inc)
list(GET _pa 2 _lib)
list(GET _pa 3 _so)

function(_pa_target name)
  add_library(PyArrow::${name} SHARED IMPORTED GLOBAL)
  set_target_properties(PyArrow::${name} PROPERTIES IMPORTED_LOCATION "${_lib}/lib${name}.so.${_so}")
  target_include_directories(PyArrow::${name} SYSTEM INTERFACE "${_inc}")
  if(ARGN)
    target_link_libraries(PyArrow::${name} INTERFACE ${ARGN})
  endif()
endfunction()

_pa_target(arrow)
_pa_target(arrow_compute PyArrow::arrow)
_pa_target(parquet PyArrow::arrow)
