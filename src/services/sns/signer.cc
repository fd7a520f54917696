#include "services/sns/signer.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "base/byte_source.h"
#include "base/encoding.h"
#include "base/random.h"

namespace usher::sns {
namespace {

constexpr unsigned kKeyBits = 2048;
constexpr long kValidSeconds = 20L * 366 * 24 * 3600;
constexpr long kMaxPemBytes = 64L << 10;
constexpr const char* kFile = "/sns_signing.pem";

struct Free {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  void operator()(X509* certificate) const { X509_free(certificate); }
  void operator()(BIO* bio) const { BIO_free(bio); }
};
using Key = std::unique_ptr<EVP_PKEY, Free>;
using Bio = std::unique_ptr<BIO, Free>;

std::string TextOf(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return {data, static_cast<std::size_t>(size)};
}

Result<std::string> CertificateFor(EVP_PKEY* key, Time now) {
  const std::unique_ptr<X509, Free> certificate(X509_new());
  if (!certificate) return Internal("no certificate can be made");
  X509* const x = certificate.get();
  X509_set_version(x, 2);
  std::uint32_t serial = 0;
  SecureRandom({reinterpret_cast<unsigned char*>(&serial), sizeof serial});
  ASN1_INTEGER_set(X509_get_serialNumber(x), static_cast<long>(serial >> 1U) + 1);
  time_t begin = static_cast<time_t>(EpochMillis(now) / 1000);
  X509_time_adj_ex(X509_getm_notBefore(x), -1, 0, &begin);
  X509_time_adj(X509_getm_notAfter(x), kValidSeconds, &begin);
  X509_set_pubkey(x, key);
  X509_NAME* const name = X509_get_subject_name(x);
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>("Usher SNS"), -1, -1, 0);
  X509_set_issuer_name(x, name);
  const Bio out(BIO_new(BIO_s_mem()));
  if (X509_sign(x, key, EVP_sha256()) == 0 || !out || PEM_write_bio_X509(out.get(), x) != 1) {
    return Internal("no certificate can be made");
  }
  return TextOf(out.get());
}

}  // namespace

Signer::~Signer() { EVP_PKEY_free(static_cast<EVP_PKEY*>(key_)); }

// Key and certificate are one file, so that they are there together or not at all.
Result<void> Signer::Make() const {
  const Key key(EVP_RSA_gen(kKeyBits));
  const Bio out(BIO_new(BIO_s_mem()));
  if (!key || !out ||
      PEM_write_bio_PrivateKey(out.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) != 1) {
    return Internal("no key for signing messages can be made");
  }
  const auto certificate = CertificateFor(key.get(), clock_.Now());
  if (!certificate) return certificate.error();
  const std::string text = TextOf(out.get()) + *certificate;

  const std::string path = folder_ + kFile;
  const std::string staged = path + ".new";
  const int fd =
      ::open(staged.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return SystemError("the key for signing messages cannot be written", errno);
  const bool written = ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
                       ::fsync(fd) == 0;
  const int error = errno;
  ::close(fd);
  if (!written) return SystemError("the key for signing messages cannot be written", error);
  if (::rename(staged.c_str(), path.c_str()) != 0) {
    return SystemError("the key for signing messages cannot be put into its place", errno);
  }
  return {};
}

Result<void> Signer::Load() {
  if (key_ != nullptr) return {};
  const std::string path = folder_ + kFile;
  if (::access(path.c_str(), F_OK) != 0) {
    if (auto made = Make(); !made) return made;
  }
  const auto file = FileSource::Open(path);
  if (!file) return Internal("the key for signing messages cannot be opened");
  const auto text = ReadAll(**file, kMaxPemBytes);
  if (!text) return text.error();
  const Bio in(BIO_new_mem_buf(text->data(), static_cast<int>(text->size())));
  Key key(in ? PEM_read_bio_PrivateKey(in.get(), nullptr, nullptr, nullptr) : nullptr);
  const std::size_t begin = text->find("-----BEGIN CERTIFICATE-----");
  if (!key || begin == std::string::npos) {
    return Corrupt(
        "the key for signing messages cannot be read: remove sns_signing.pem from the "
        "data folder for a new one");
  }
  certificate_ = text->substr(begin);
  key_ = key.release();
  return {};
}

Result<std::string> Signer::Sign(std::string_view text, std::string_view version) {
  EVP_PKEY* key = nullptr;
  {
    const std::scoped_lock lock(mutex_);
    if (const auto loaded = Load(); !loaded) return loaded.error();
    key = static_cast<EVP_PKEY*>(key_);
  }
  const std::unique_ptr<EVP_MD_CTX, Free> context(EVP_MD_CTX_new());
  const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
  std::size_t size = 0;
  if (!context ||
      EVP_DigestSignInit(context.get(), nullptr, version == "2" ? EVP_sha256() : EVP_sha1(),
                         nullptr, key) != 1 ||
      EVP_DigestSign(context.get(), nullptr, &size, bytes, text.size()) != 1) {
    return Internal("a message cannot be signed");
  }
  std::string signature(size, '\0');
  if (EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size,
                     bytes, text.size()) != 1) {
    return Internal("a message cannot be signed");
  }
  signature.resize(size);
  return Base64Encode(signature);
}

Result<std::string> Signer::Certificate() {
  const std::scoped_lock lock(mutex_);
  if (const auto loaded = Load(); !loaded) return loaded.error();
  return certificate_;
}

}  // namespace usher::sns
