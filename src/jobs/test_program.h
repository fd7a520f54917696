// The test program of this folder is its own child and its own server: these are its other lives.
#pragma once

#include <string>

namespace usher::jobs {

// `jobs_test job <name> --work FOLDER`: children that answer, fail and die, by name.
int RunTestChild(const std::string& name, const std::string& work_folder);

// `jobs_test queue <data folder>`: a server with one job type "count", until it is killed.
int RunTestServer(const std::string& data_folder);

}  // namespace usher::jobs
