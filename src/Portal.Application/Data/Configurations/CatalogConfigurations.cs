using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using Portal.Domain.Catalog;
using Portal.Domain.Costs;

namespace Portal.Application.Data.Configurations;

internal sealed class CategoryConfiguration : IEntityTypeConfiguration<Category>
{
    public void Configure(EntityTypeBuilder<Category> builder)
    {
        builder.ToTable("categories");
        builder.HasKey(c => c.Slug);
        builder.Property(c => c.Slug).HasMaxLength(60);
    }
}

internal sealed class HardwareProfileConfiguration : IEntityTypeConfiguration<HardwareProfile>
{
    public void Configure(EntityTypeBuilder<HardwareProfile> builder)
    {
        builder.ToTable("hardware_profiles");
        builder.HasKey(h => h.Slug);
        builder.Property(h => h.Slug).HasMaxLength(60);
        builder.Property(h => h.SpecJson).HasColumnName("spec").HasColumnType("jsonb");
    }
}

internal sealed class CatalogItemConfiguration : IEntityTypeConfiguration<CatalogItem>
{
    public void Configure(EntityTypeBuilder<CatalogItem> builder)
    {
        builder.ToTable("catalog_items");
        builder.Property(i => i.Id).ValueGeneratedNever();
        builder.Property(i => i.Slug).HasMaxLength(60);
        builder.Property(i => i.Lifecycle).HasMaxLength(20);
        builder.HasIndex(i => i.Slug).IsUnique();
        builder.HasOne<Category>().WithMany().HasForeignKey(i => i.CategorySlug).OnDelete(DeleteBehavior.Restrict);
    }
}

internal sealed class ItemVersionConfiguration : IEntityTypeConfiguration<ItemVersion>
{
    public void Configure(EntityTypeBuilder<ItemVersion> builder)
    {
        builder.ToTable("item_versions");
        builder.Property(v => v.Id).ValueGeneratedNever();
        builder.Property(v => v.Version).HasMaxLength(40);
        builder.Property(v => v.SpecJson).HasColumnName("spec").HasColumnType("jsonb");
        builder.Property(v => v.FilesJson).HasColumnName("files").HasColumnType("jsonb");
        builder.HasIndex(v => new { v.ItemId, v.Version }).IsUnique();
        builder.HasOne<CatalogItem>().WithMany().HasForeignKey(v => v.ItemId).OnDelete(DeleteBehavior.Restrict);
    }
}

internal sealed class RateConfiguration : IEntityTypeConfiguration<Rate>
{
    public void Configure(EntityTypeBuilder<Rate> builder)
    {
        builder.ToTable("rates", t => t.HasCheckConstraint("ck_rates_price", "price >= 0"));
        builder.Property(r => r.Id).ValueGeneratedNever();
        builder.Property(r => r.Component).HasMaxLength(40);
        builder.Property(r => r.Price).HasPrecision(20, 12);
        builder.Property(r => r.Currency).HasMaxLength(3);
        builder.HasIndex(r => new { r.Component, r.EffectiveFrom }).IsUnique();
    }
}
