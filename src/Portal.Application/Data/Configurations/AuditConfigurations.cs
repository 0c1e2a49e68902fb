using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using Portal.Domain.Audit;

namespace Portal.Application.Data.Configurations;

internal sealed class AuditEntryConfiguration : IEntityTypeConfiguration<AuditEntry>
{
    public void Configure(EntityTypeBuilder<AuditEntry> builder)
    {
        builder.ToTable("audit_entries");
        builder.Property(e => e.Id).ValueGeneratedNever();
        builder.Property(e => e.Detail).HasColumnType("jsonb");
        builder.Property(e => e.Reason).HasMaxLength(2000);
        builder.Property(e => e.Source).HasMaxLength(100);
        builder.HasIndex(e => new { e.At, e.Id });
        builder.HasIndex(e => new { e.SubjectKind, e.SubjectId, e.At });
        builder.HasIndex(e => new { e.Action, e.At });
        builder.HasIndex(e => new { e.ActorId, e.At });
    }
}

internal sealed class AuditSealConfiguration : IEntityTypeConfiguration<AuditSeal>
{
    public void Configure(EntityTypeBuilder<AuditSeal> builder)
    {
        builder.ToTable("audit_seals");
        builder.HasKey(s => s.Seq);
        builder.Property(s => s.Seq).ValueGeneratedNever();
        builder.HasIndex(s => s.EntryId).IsUnique();
        builder.HasOne<AuditEntry>().WithMany().HasForeignKey(s => s.EntryId).OnDelete(DeleteBehavior.Restrict);
    }
}

internal sealed class AuditUnsealedConfiguration : IEntityTypeConfiguration<AuditUnsealed>
{
    public void Configure(EntityTypeBuilder<AuditUnsealed> builder)
    {
        builder.ToTable("audit_unsealed");
        builder.HasKey(u => u.EntryId);
        builder.Property(u => u.EntryId).ValueGeneratedNever();
    }
}
