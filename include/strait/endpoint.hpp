//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_ENDPOINT_HPP
#define STRAIT_ENDPOINT_HPP

#include <strait/detail/config.hpp>
#include <strait/error.hpp>

#include <compare>
#include <cstdint>
#include <iosfwd>
#include <string>
#include <string_view>

namespace strait {

/// The name at which a listener can be reached: a value.
///
/// There are two kinds. A *path* names a socket in the file system; the permissions of the socket
/// and of its directory say who may connect. An *abstract* name (Linux only) lies in no file system:
/// it is gone with the listener, however that ends, but knows no permissions, and everybody in the
/// same network namespace sees it; who may connect is decided by the credentials of the peer.
///
/// *Text form.* A path as it is, an abstract name with `@` before it. Use a path such as `./@x` for
/// a file whose name begins so.
///
/// *Thread safety.* Distinct objects: safe. Shared objects: unsafe.
class endpoint {
public:
    /// What an endpoint names.
    enum class kind : std::uint8_t { none, path, abstract_name };

    /// Constructs an endpoint that names nothing.
    endpoint() noexcept = default;

    /// Reads the text form. Every text is one; whether the name can be used shows when it is.
    STRAIT_DECL explicit endpoint(std::string_view text);

    /// A socket in the file system. A relative path counts from the current directory of the moment
    /// when it is used.
    STRAIT_DECL static endpoint path(std::string_view path);

    /// A name in no file system; without the `@`.
    STRAIT_DECL static endpoint abstract_name(std::string_view name);

    /// A name that nobody can guess, with 128 random bits: an abstract one where there are such, else
    /// as `generate_path`. Two are never the same.
    STRAIT_DECL static endpoint generate();

    /// A path that nobody can guess, below the first of `$XDG_RUNTIME_DIR`, `$TMPDIR` and `/tmp` that can
    /// be written and is short enough. The listener makes a directory of mode 0700 for it and removes that at its end; what
    /// killed ones left behind is removed when a further one is made.
    STRAIT_DECL static endpoint generate_path();

    kind what() const noexcept { return kind_; }
    bool empty() const noexcept { return kind_ == kind::none; }

    /// The path, or the abstract name without the `@`.
    const std::string& name() const noexcept { return name_; }

    /// The text form, for a command line or an environment variable.
    STRAIT_DECL std::string to_string() const;

    /// Whether this system can use the name. `filename_too_long`: longer than a socket address holds
    /// (107 bytes on Linux, 103 on macOS); names are never cut. `invalid_argument`: empty, or with a
    /// zero in it. `operation_not_supported`: an abstract name on a system without.
    STRAIT_DECL error_code check() const noexcept;

    friend bool operator==(const endpoint&, const endpoint&) = default;
    friend auto operator<=>(const endpoint&, const endpoint&) = default;

    /// Writes the text form.
    STRAIT_DECL friend std::ostream& operator<<(std::ostream& out, const endpoint& e);

private:
    endpoint(kind k, std::string_view name) : kind_(k), name_(name) {}

    kind kind_ = kind::none;
    std::string name_;
};

}  // namespace strait

#endif
