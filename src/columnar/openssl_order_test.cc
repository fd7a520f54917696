// libparquet exports the symbols of an OpenSSL of its own. Whoever is first on the link line wins.
#include <dlfcn.h>
#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include <string>

namespace {

std::string LibraryOf(void* function) {
  Dl_info info{};
  return ::dladdr(function, &info) != 0 ? info.dli_fname : "";
}

TEST(OpensslOrder, DigestsAndRandomnessComeFromTheSystemsLibcrypto) {
  EXPECT_NE(LibraryOf(reinterpret_cast<void*>(&EVP_DigestInit_ex)).find("libcrypto.so.3"),
            std::string::npos);
  EXPECT_NE(LibraryOf(reinterpret_cast<void*>(&RAND_bytes)).find("libcrypto.so.3"),
            std::string::npos);
}

}  // namespace
