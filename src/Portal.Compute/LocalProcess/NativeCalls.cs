using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Portal.Compute.LocalProcess;

/// <summary>The few system calls that .NET does not offer.</summary>
internal static partial class NativeCalls
{
    internal const int CurrentFolder = -100;
    internal const int EmptyPath = 0x1000;
    internal const int NoFollow = 0x100;
    internal const int SigKill = 9;
    internal const int NoSpaceLeft = 28;
    internal const int QuotaExceeded = 122;

    private const int NonBlocking = 0x800;
    private const int CloseOnExec = 0x80000;
    private static readonly bool IsArm = RuntimeInformation.ProcessArchitecture is Architecture.Arm64 or Architecture.Arm;
    private static readonly int Directory = IsArm ? 0x4000 : 0x10000;
    private static readonly int NoFollowLast = IsArm ? 0x8000 : 0x20000;

    /// <summary>True when this process runs as root.</summary>
    internal static bool IsRoot { get; } = GetEffectiveUser() == 0;

    internal static uint EffectiveUser => GetEffectiveUser();

    /// <summary>Opens a folder or file below an open folder for reading, never through a symbolic link; null when there is none.</summary>
    internal static SafeFileHandle? OpenBelow(SafeFileHandle? folder, string name, bool isFolder)
    {
        var flags = NonBlocking | CloseOnExec | NoFollowLast | (isFolder ? Directory : 0);
        var handle = OpenAt(folder is null ? CurrentFolder : (int)folder.DangerousGetHandle(), name, flags, 0);
        GC.KeepAlive(folder);
        return handle < 0 ? null : new SafeFileHandle(handle, ownsHandle: true);
    }

    /// <summary>Facts about an open file, or about a name in an open folder without following a link.</summary>
    internal static FileFacts? Facts(SafeFileHandle folder, string name)
    {
        var failed = Statx((int)folder.DangerousGetHandle(), name, name.Length == 0 ? EmptyPath : NoFollow, 0x7ff, out var facts) != 0;
        GC.KeepAlive(folder);
        return failed ? null : facts;
    }

    /// <summary>Gives a file or folder to a user; a link itself, not what it points to.</summary>
    internal static void Give(string path, uint user, uint group)
    {
        if (ChangeOwner(path, user, group) != 0)
            throw new IOException($"Cannot give {path} to user {user}.", Marshal.GetLastPInvokeError());
    }

    internal static void Kill(int pid, int signal) => _ = SendSignal(pid, signal);

    [LibraryImport("libc", EntryPoint = "geteuid")]
    private static partial uint GetEffectiveUser();

    [LibraryImport("libc", EntryPoint = "openat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int OpenAt(int folder, string path, int flags, int mode);

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Statx(int folder, string path, int flags, uint mask, out FileFacts facts);

    [LibraryImport("libc", EntryPoint = "lchown", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int ChangeOwner(string path, uint user, uint group);

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int SendSignal(int pid, int signal);

    /// <summary>struct statx, the same on every architecture.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    internal struct FileFacts
    {
        [FieldOffset(20)] public uint User;
        [FieldOffset(24)] public uint Group;
        [FieldOffset(28)] public ushort Mode;
        [FieldOffset(40)] public ulong Size;
        [FieldOffset(112)] public long ModifiedSeconds;
        [FieldOffset(120)] public uint ModifiedNanoseconds;

        public readonly bool IsFile => (Mode & 0xF000) == 0x8000;
        public readonly bool IsFolder => (Mode & 0xF000) == 0x4000;
        public readonly DateTimeOffset ModifiedAt => DateTimeOffset.FromUnixTimeSeconds(ModifiedSeconds).AddTicks(ModifiedNanoseconds / 100);
    }
}
