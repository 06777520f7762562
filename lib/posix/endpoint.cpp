//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include <strait/endpoint.hpp>

#include "posix/generated_path.hpp"
#include "posix/stream.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ostream>

#include <sys/un.h>
#include <unistd.h>

namespace strait {

namespace {

#if defined(__linux__) && !defined(STRAIT_FORCE_PORTABLE)
constexpr bool has_abstract_names = true;
#else
constexpr bool has_abstract_names = false;
#endif

// One byte is the zero at the end of a path, or before an abstract name.
constexpr std::size_t max_name_bytes = sizeof(sockaddr_un::sun_path) - 1;

constexpr std::string_view directory_prefix = "/strait-";
constexpr std::size_t digits = 32;

std::string random_name() {
    char text[digits + 1];
    std::snprintf(text, sizeof(text), "%016llx%016llx",
        static_cast<unsigned long long>(detail::os::random_u64()),
        static_cast<unsigned long long>(detail::os::random_u64()));
    return text;
}

// The directory in which private ones are made.
std::string base_directory() {
    constexpr std::size_t added =
        directory_prefix.size() + digits + sizeof(detail::os::generated_socket) - 1;
    for (const char* variable : {"XDG_RUNTIME_DIR", "TMPDIR"}) {
        // As all programs that read it: safe while nobody changes the environment.
        const char* value = std::getenv(variable);  // NOLINT(concurrency-mt-unsafe)
        if (value == nullptr || *value != '/') continue;
        std::string base = value;
        while (base.ends_with('/')) base.pop_back();
        if (base.size() + added > max_name_bytes) continue;
        if (::access(base.c_str(), W_OK | X_OK) == 0) return base;
    }
    return "/tmp";
}

}  // namespace

endpoint::endpoint(std::string_view text) {
    if (text.starts_with('@'))
        *this = abstract_name(text.substr(1));
    else if (!text.empty())
        *this = path(text);
}

endpoint endpoint::path(std::string_view path) {
    return endpoint(kind::path, path);
}

endpoint endpoint::abstract_name(std::string_view name) {
    return endpoint(kind::abstract_name, name);
}

endpoint endpoint::generate() {
    if (!has_abstract_names) return generate_path();
    return abstract_name("strait-" + random_name());
}

endpoint endpoint::generate_path() {
    return path(base_directory().append(directory_prefix) + random_name() +
                detail::os::generated_socket);
}

std::string endpoint::to_string() const {
    if (kind_ == kind::abstract_name) return '@' + name_;
    if (kind_ == kind::path && name_.starts_with('@')) return "./" + name_;
    return name_;
}

error_code endpoint::check() const noexcept {
    using boost::system::errc::make_error_code;
    namespace errc = boost::system::errc;
    if (name_.empty() || name_.find('\0') != std::string::npos)
        return make_error_code(errc::invalid_argument);
    if (kind_ == kind::abstract_name && !has_abstract_names)
        return make_error_code(errc::operation_not_supported);
    if (name_.size() > max_name_bytes) return make_error_code(errc::filename_too_long);
    return {};
}

std::ostream& operator<<(std::ostream& out, const endpoint& e) {
    return out << e.to_string();
}

namespace detail::os {

bool is_generated_directory(std::string_view name) noexcept {
    const std::string_view prefix = directory_prefix.substr(1);
    if (name.size() != prefix.size() + digits || !name.starts_with(prefix)) return false;
    return std::all_of(name.begin() + static_cast<std::ptrdiff_t>(prefix.size()), name.end(),
        [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

std::string generated_directory_of(const endpoint& e) {
    std::string_view path = e.name();
    if (e.what() != endpoint::kind::path || !path.ends_with(generated_socket)) return {};
    path.remove_suffix(sizeof(generated_socket) - 1);
    const std::size_t slash = path.rfind('/');
    if (slash == path.npos || !is_generated_directory(path.substr(slash + 1))) return {};
    return std::string(path);
}

}  // namespace detail::os
}  // namespace strait
