//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_PEER_HPP
#define STRAIT_PEER_HPP

#include <strait/handle.hpp>

#include <cstdint>
#include <memory>
#include <utility>

namespace strait {

/// Which process connected: what the system says of it, and not what it says of itself.
///
/// The identity is that of the process that *called connect*, as it was at that moment. A process can
/// hand its end to another one afterwards, can start another program, or can end: the identity
/// says who opened the way, not who sent a given message.
///
/// A number of a process is used again after its end. So act on the process by `process()`, which
/// refers to it and to no later one, and compare numbers only while that says that it lives.
///
/// A value. *Thread safety.* Distinct objects: safe. Shared objects: unsafe.
class peer {
public:
    /// Constructs a peer that is nobody: the numbers are -1.
    peer() noexcept = default;

    peer(std::int64_t pid, std::int64_t uid, std::int64_t gid, handle descriptor = handle())
        : pid_(pid), uid_(uid), gid_(gid) {
        if (descriptor.is_open()) process_ = std::make_shared<const handle>(std::move(descriptor));
    }

    /// The number of the process, as this process sees it: 0 if it cannot (another pid namespace), -1
    /// where the system does not tell.
    std::int64_t pid() const noexcept { return pid_; }

    /// The effective user and group of the process.
    std::int64_t uid() const noexcept { return uid_; }
    std::int64_t gid() const noexcept { return gid_; }

    /// A process descriptor, shared by copies of this object: readable once the process has ended, and
    /// usable with `pidfd_send_signal`. Empty where the system has none for a peer (Linux before
    /// 6.5, other systems), or when the process had ended before it was accepted.
    const handle& process() const noexcept {
        static const handle none;
        return process_ ? *process_ : none;
    }

    /// Whether the numbers are the same.
    friend bool operator==(const peer& a, const peer& b) noexcept {
        return a.pid_ == b.pid_ && a.uid_ == b.uid_ && a.gid_ == b.gid_;
    }

private:
    std::int64_t pid_ = -1;
    std::int64_t uid_ = -1;
    std::int64_t gid_ = -1;
    std::shared_ptr<const handle> process_;
};

}  // namespace strait

#endif
